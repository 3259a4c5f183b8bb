/** As pipe-stream.ts, for binary data with `sendBytesSync` and `recvBytesSync`. */
import { isPartner } from '../harness/partner.js';
import { measurePipe, servePipe } from '../harness/pipes.js';

if (isPartner()) {
  void servePipe((connection, make, count) => {
    for (let i = 0; i < count; i++) connection.sendBytesSync(make(i) as Buffer);
  });
} else {
  void measurePipe(__filename, (connection, count) => {
    for (let i = 0; i < count; i++) connection.recvBytesSync();
  });
}
