import { describe, expect, it } from 'vitest'
import { Heartbeat } from '../../../../src/server/live/heartbeat.ts'
import { StallWatch } from '../../../../src/server/live/stall-watch.ts'

describe('a heartbeat', () => {
  it('calls everybody once a round, not all at once, and nobody who has left', () => {
    const heartbeat = new Heartbeat<{ beat(): void }>()
    const beats: number[] = []
    let turn = 0
    const members = Array.from({ length: 12 }, (_, index) => ({ index, beat: () => void beats.push(index) }))
    for (const member of members) {
      heartbeat.add(member)
      heartbeat.turn()
    }
    expect(beats).toEqual([0])
    for (turn = 0; turn < 11; turn++) heartbeat.turn()
    expect(beats).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    for (const member of members.slice(1)) heartbeat.delete(member)
    for (turn = 0; turn < 12; turn++) heartbeat.turn()
    expect(beats.slice(12)).toEqual([0])
  })
})

describe('a stall watch', () => {
  it('ends who has made no progress for the whole of its patience, once', () => {
    let now = 0
    const stalled: string[] = []
    const watch = new StallWatch<string>({
      patienceMs: 30_000,
      now: () => now,
      onStall: (who) => void stalled.push(who),
    })
    watch.note('stuck', true)
    watch.note('slow', true)
    watch.note('well', true)
    now = 20_000
    watch.note('slow', true)
    watch.note('well', false)
    watch.check()
    expect([stalled, watch.size]).toEqual([[], 2])
    now = 30_000
    watch.check()
    watch.check()
    expect(stalled).toEqual(['stuck'])
    now = 50_000
    watch.check()
    expect([stalled, watch.size]).toEqual([['stuck', 'slow'], 0])
  })
})
