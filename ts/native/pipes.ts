// What the addon has for pipes through shared memory; each is documented in native/napi/pipe.cc.

export interface PipeNative {
  createPipe(
    duplex: boolean,
    mostBytes: number,
  ): [one: number, other: number, toOne: number, toOther: number];
  ringSettle(address: number, putting: boolean): void;
  ringDescriptor(address: number): number;
  ringDescriptorRearm(descriptor: number): void;
  ringDescriptorClose(descriptor: number): void;
}
