// The program whose author could not make it end: an end of a pipe that is passed to a process moves
// there, so nobody else holds it, and the receiver comes to the end.
import * as mp from 'node-multiprocessing';

const words = ['Hello', 'from', 'the', 'other', 'side', '!'];

export async function send(connection: mp.Connection): Promise<void> {
  for (const word of words) await connection.send(word);
  connection.close();
}

export async function receive(connection: mp.Connection): Promise<void> {
  for (;;) {
    try {
      console.log(`接收到: ${String(await connection.recv())}`);
    } catch (error) {
      if (!(error instanceof mp.EOFError)) throw error;
      console.log('发送方已关闭');
      break;
    }
  }
}

async function main(): Promise<void> {
  const [receiver, sender] = mp.Pipe();
  const sending = new mp.Process({ target: send, args: [sender] });
  const receiving = new mp.Process({ target: receive, args: [receiver] });
  await sending.start();
  await receiving.start();
  await sending.join();
  await receiving.join();
  console.log('Pipe 示例结束。');
}

if (mp.isMainProcess()) void main();

// Prints:
// 接收到: Hello
// 接收到: from
// 接收到: the
// 接收到: other
// 接收到: side
// 接收到: !
// 发送方已关闭
// Pipe 示例结束。
