import { describe, expect, it } from 'vitest'
import { LastAnswers } from '../../../../src/upstream/breaker/last-answers.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const REFUSED_TOKEN = { verdict: 'nothing', forOwn: 'answer', forAll: 'nothing' } as const
const FAILURE = { verdict: 'failure', forOwn: 'failure', forAll: 'answer' } as const

function createAnswers() {
  const clock = new VirtualClock()
  const answers = new LastAnswers(clock)
  const isRecent = (...but: string[]) => answers.isAnyRecentBut(new Set(but))
  return { clock, answers, isRecent }
}

describe('LastAnswers', () => {
  it('know for a minute at least which calls of a tenant began before its last answer', async () => {
    const { clock, answers } = createAnswers()
    const early = answers.begin()
    answers.answered('alice')
    await clock.advance(30_000)
    answers.answered('bob')
    for (const inMs of [31_000, 29_000]) {
      await clock.advance(inMs)
      answers.answered('carol')
      expect(['alice', 'bob', 'dave'].map((tenant) => answers.isStaleFor(tenant, early))).toEqual([true, true, false])
    }
    for (let n = 0; n < 2; n++) {
      await clock.advance(61_000)
      answers.answered('carol')
    }
    expect(['alice', 'carol'].map((tenant) => answers.isStaleFor(tenant, early))).toEqual([false, true])
  })

  it('remember ten thousand tenants at least', () => {
    const { answers } = createAnswers()
    const early = answers.begin()
    answers.answered('alice')
    const forOthers = (count: number) => {
      for (let n = 0; n < count; n++) answers.answered(`tenant ${n}`)
    }
    forOthers(10_000)
    expect(answers.isStaleFor('alice', early)).toBe(true)
    answers.answered('alice')
    forOthers(20_000)
    expect(answers.isStaleFor('alice', early)).toBe(false)
  })

  it('take an answer for recent for a minute, unless a call of the tenant has failed since', async () => {
    const { clock, answers, isRecent } = createAnswers()
    answers.note('mallory', REFUSED_TOKEN)
    expect(isRecent()).toBe(false)
    answers.answered('alice')
    await clock.advance(40_000)
    answers.answered('bob')
    answers.note('alice', REFUSED_TOKEN)
    expect([isRecent('bob'), isRecent('alice', 'bob')]).toEqual([true, false])
    await clock.advance(20_001)
    expect([isRecent(), isRecent('bob')]).toEqual([true, false])
    answers.answered('carol')
    answers.note('bob', FAILURE)
    expect([isRecent(), isRecent('carol')]).toEqual([true, false])
  })
})
