// What stands in a message for something that structured clone cannot carry: the number of an entry
// in the message's table.
// Names with an underscore are Node's own for these hooks.
/* eslint-disable @typescript-eslint/naming-convention */
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';

import { malformed } from './tree-format.js';

/** A view, because those are what the serializer hands out to be written by hand. */
export class Placeholder extends Uint8Array {
  constructor(readonly index: number) {
    super(0);
  }
}

const viewTag = 0;
const placeholderTag = 1;

interface Writer {
  writeUint32(value: number): void;
}

export class MessageSerializer extends DefaultSerializer {
  /** Called by the serializer for every view. */
  _writeHostObject(view: NodeJS.ArrayBufferView): void {
    const writer = this as unknown as Writer;
    if (view instanceof Placeholder) {
      writer.writeUint32(placeholderTag);
      writer.writeUint32(view.index);
      return;
    }
    writer.writeUint32(viewTag);
    writeView.call(this, view);
  }
}

export class MessageDeserializer extends DefaultDeserializer {
  constructor(
    bytes: Uint8Array,
    /** What the placeholders stand for. */
    readonly entries: readonly unknown[],
  ) {
    super(bytes);
  }

  /** Called by the deserializer where `_writeHostObject` wrote. */
  _readHostObject(): unknown {
    if (this.readUint32() !== placeholderTag) return readView.call(this);
    const index = this.readUint32();
    if (index >= this.entries.length) throw malformed();
    return this.entries[index];
  }
}

// Not in @types/node, but documented: the hooks of the base classes.
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with a receiver
const { _writeHostObject: writeView } = DefaultSerializer.prototype as unknown as {
  _writeHostObject(this: DefaultSerializer, view: NodeJS.ArrayBufferView): void;
};
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with a receiver
const { _readHostObject: readView } = DefaultDeserializer.prototype as unknown as {
  _readHostObject(this: DefaultDeserializer): unknown;
};
