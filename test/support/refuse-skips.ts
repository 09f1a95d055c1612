import type { Reporter, TestModule } from 'vitest/node'

/** Makes a run fail if it skipped tests, so that a skipped test is noticed. */
export class RefuseSkips implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    if (skipped.length === 0) return
    process.stderr.write(
      `Expected every test to run, but left out:\n${skipped.map((test) => `  ${test.fullName}\n`).join('')}`,
    )
    process.exitCode = 1
  }
}
