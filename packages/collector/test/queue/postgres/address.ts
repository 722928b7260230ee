/** An address that stays while the server behind it is replaced or away, as a managed database has; and a network that loses an answer. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

export class Address {
  #port = 0
  #unanswered: string | undefined
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor() {
    this.#server = createServer((socket) => {
      const way = connect(this.#port, '127.0.0.1')
      for (const one of [socket, way]) {
        this.#sockets.add(one)
        one.on('error', () => undefined).on('close', () => this.#sockets.delete(one))
      }
      socket.on('data', (sent) => {
        if (this.#unanswered === undefined || !sent.includes(this.#unanswered)) return
        this.#unanswered = undefined
        way.unpipe(socket)
        way.once('data', () => socket.destroy()).resume()
      })
      socket.pipe(way).pipe(socket)
      socket.on('close', () => way.destroy())
      way.on('close', () => socket.destroy())
    })
  }

  async open(port: number): Promise<string> {
    this.#port = port
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `postgres://postgres:test-only@127.0.0.1:${(this.#server.address() as AddressInfo).port}/postgres`
  }

  /** From now on; who is connected stays where he is. */
  leadTo(port: number): void {
    this.#port = port
  }

  /** Nobody is connected any more, and until `leadTo()` nobody can connect. */
  cut(): void {
    this.leadTo(1)
    this.#cutAll()
  }

  /** The next message with this in it arrives; its answer does not, and the connection is gone. */
  loseAnswerTo(word: string): void {
    this.#unanswered = word
  }

  close(): void {
    this.#server.close()
    this.#cutAll()
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}
