/** One `sendSync` and one `recvSync` for each message, between two processes. */
import { isPartner } from '../harness/partner.js';
import { measurePipe, servePipe } from '../harness/pipes.js';

if (isPartner()) {
  void servePipe((connection, make, count) => {
    for (let i = 0; i < count; i++) connection.sendSync(make(i));
  });
} else {
  void measurePipe(__filename, (connection, count) => {
    for (let i = 0; i < count; i++) connection.recvSync();
  });
}
