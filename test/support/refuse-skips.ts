import type { Reporter, TestModule } from 'vitest/node'

/** Makes a run fail that left tests out, so that none goes missing where nobody reads the output. */
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
