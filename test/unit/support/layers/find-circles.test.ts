import { expect, it } from 'vitest'
import { findCircles } from '../../../support/layers/find-circles.ts'

const circlesOf = (files: Readonly<Record<string, readonly string[]>>) =>
  findCircles(Object.entries(files).map(([path, imports]) => ({ path, imports })))

it('finds no circle where imports go one way, even if two ways lead to one file', () => {
  expect(
    circlesOf({ 'a.ts': ['./b.ts', './c.ts'], 'b.ts': ['./d.ts'], 'c.ts': ['./d.ts'], 'd.ts': ['undici'] }),
  ).toEqual([])
})

it('finds each group of files that import each other, across folders, and leaves out who only imports them', () => {
  expect(
    circlesOf({
      'z.ts': ['./y.ts'],
      'y.ts': ['./z.ts'],
      'one/a.ts': ['../two/b.ts'],
      'two/b.ts': ['./c.ts', '../y.ts'],
      'two/c.ts': ['../one/a.ts'],
      'index.ts': ['./one/a.ts', './y.ts'],
    }),
  ).toEqual([
    ['one/a.ts', 'two/b.ts', 'two/c.ts'],
    ['y.ts', 'z.ts'],
  ])
})

it('joins two circles that share a file', () => {
  expect(circlesOf({ 'a.ts': ['./b.ts'], 'b.ts': ['./a.ts', './c.ts'], 'c.ts': ['./b.ts'] })).toEqual([
    ['a.ts', 'b.ts', 'c.ts'],
  ])
})

it('finds a file that imports itself', () => {
  expect(circlesOf({ 'a.ts': ['./a.ts'] })).toEqual([['a.ts']])
})
