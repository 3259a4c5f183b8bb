/** As pipe-stream.ts, with `await send` and `await recv`. */
import { isPartner } from '../harness/partner.js';
import { measurePipe, servePipe } from '../harness/pipes.js';

if (isPartner()) {
  void servePipe(async (connection, make, count) => {
    for (let i = 0; i < count; i++) await connection.send(make(i));
  });
} else {
  void measurePipe(__filename, async (connection, count) => {
    for (let i = 0; i < count; i++) await connection.recv();
  });
}
