/** As pipe-stream-bytes.ts, into a buffer that is used again. */
import { isPartner } from '../harness/partner.js';
import { chosenPayload } from '../harness/payloads.js';
import { measurePipe, servePipe } from '../harness/pipes.js';

if (isPartner()) {
  void servePipe((connection, make, count) => {
    for (let i = 0; i < count; i++) connection.sendBytesSync(make(i) as Buffer);
  });
} else {
  const target = Buffer.alloc(chosenPayload().bytes);
  void measurePipe(__filename, (connection, count) => {
    for (let i = 0; i < count; i++) connection.recvBytesIntoSync(target);
  });
}
