// What the addon knows of the threads of this process; native/napi/threads.h.

/** A thread that has a name, as all threads of the process see it. */
export interface ListedThread {
  /** Its number in this process. */
  readonly ident: number;
  readonly name: string;
  /** Its number in the system. */
  readonly nativeId: number;
  readonly daemon: boolean;
}

/** The addon's functions for threads. */
export interface NativeThreads {
  threadNextNumber(): number;
  threadEnter(ident: number, name: string, isDaemon: boolean): void;
  threadRename(ident: number, name: string): boolean;
  threadList(): ListedThread[];
  nativeThreadId(): number;
}
