import { describe, expect, it } from 'vitest'
import { Heartbeat } from '../../../../../src/server/transports/connections/heartbeat.ts'

describe('a heartbeat', () => {
  it('visits each connection once a round, spread over the round, and none that has closed', () => {
    const beats: number[] = []
    const heartbeat = new Heartbeat<number>((index) => beats.push(index))
    let turn = 0
    const members = Array.from({ length: 12 }, (_, index) => index)
    for (const member of members) {
      heartbeat.add(member)
      heartbeat.step()
    }
    expect(beats).toEqual([0])
    for (turn = 0; turn < 11; turn++) heartbeat.step()
    expect(beats).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    for (const member of members.slice(1)) heartbeat.delete(member)
    for (turn = 0; turn < 12; turn++) heartbeat.step()
    expect(beats.slice(12)).toEqual([0])
  })
})
