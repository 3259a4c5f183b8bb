// An error class that no module that the test loads exports.
const hidden = {
  UnknownHere: class UnknownHere extends Error {
    override name = 'UnknownHere';
    detail = 7;
  },
};

/** Makes one, without naming its class. */
export const UnknownHere = function (message: string): Error {
  return new hidden.UnknownHere(message);
} as unknown as new (message: string) => Error;
