// `mp.connection`, as users see it.
export { addressType, arbitraryAddress, defaultFamily, families } from './address.js';
export { Client } from './client.js';
export { Connection } from './connection.js';
export { answerChallenge, deliverChallenge } from './handshake.js';
export { Listener } from './listener.js';
export { wait, waitSync } from './wait.js';
