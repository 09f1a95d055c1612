import { EventEmitter } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { AnswerRoom } from '../../../../src/embedded/http/answer-room.ts'

class Socket extends EventEmitter {
  destroyed = false
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
}

function answerOver(socket: Socket) {
  return Object.assign(new EventEmitter(), { req: { socket } })
}

const noted = (made: string[], name: string) => () => {
  made.push(name)
  return name
}
const text = (bytes: number) => () => 'x'.repeat(bytes)

it('lets answers wait while those of the token are unread, and not those of another token', async () => {
  const unread = new AnswerRoom(100, 1_000)
  const socket = new Socket()
  const first = answerOver(socket)
  expect(await unread.make(1, first, text(100))).toHaveLength(100)
  const made: string[] = []
  const second = unread.make(1, answerOver(socket), noted(made, 'second'))
  expect(await unread.make(2, answerOver(socket), text(10))).toHaveLength(10)
  await setImmediate()
  expect(made).toEqual([])
  first.emit('close')
  expect(await second).toBe('second')
})

it('frees the room of all answers of a connection that ends, and makes none for it', async () => {
  const unread = new AnswerRoom(100, 1_000)
  const [gone, here] = [new Socket(), new Socket()]
  // As Node does with pipelined requests: only the first answer is told that its connection has ended.
  await unread.make(1, answerOver(gone), text(60))
  await unread.make(1, answerOver(gone), text(60))
  const made: string[] = []
  const waiting = ['gone', 'gone', 'here', 'here'].map((name) =>
    unread.make(1, answerOver(name === 'gone' ? gone : here), noted(made, name)),
  )
  gone.destroy()
  expect(await Promise.all(waiting)).toEqual([null, null, 'here', 'here'])
  expect(made).toEqual(['here', 'here'])
})

it('gives way between answers that have waited, and goes on after one that fails', async () => {
  const unread = new AnswerRoom(100, 1_000)
  const socket = new Socket()
  const first = answerOver(socket)
  await unread.make(1, first, text(100))
  const turns: number[] = []
  let turn = 0
  const waiting = Array.from({ length: 5 }, (_, i) =>
    unread
      .make(1, answerOver(socket), () => {
        turns.push(turn)
        if (i === 1) throw new Error('a bug')
        return ''
      })
      .catch(() => 'failed'),
  )
  first.emit('close')
  for (; turns.length < 5; turn++) await setImmediate()
  expect(await Promise.all(waiting)).toEqual(['', 'failed', '', '', ''])
  expect(new Set(turns).size).toBe(5)
})

it('refuses requests when a thousand wait', async () => {
  const unread = new AnswerRoom(100, 1_000)
  const socket = new Socket()
  await unread.make(1, answerOver(socket), text(100))
  const waiting = Array.from({ length: 1_001 }, () => unread.make(1, answerOver(socket), text(1)))
  expect(await waiting.at(-1)).toBeNull()
})
