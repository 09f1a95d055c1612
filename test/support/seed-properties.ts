import fc from 'fast-check'

// Property tests have the same cases in each run, so that a failure comes from the change under test and not from chance.
// PROPERTY_SEED=random shows them others; a failure says which seed it was.
const seed = process.env.PROPERTY_SEED ?? '1'
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) })
