import { numberSetting } from './setting.ts'

/** Settings of how much one operation may ask for. They are the same over every transport. */
export const OPERATION_SETTINGS = {
  maxDocumentBytes: numberSetting('Largest GraphQL document in bytes.', {
    min: 1_024,
    max: 10_000_000,
    fallback: 65_536,
  }),
  maxOperationDepth: numberSetting(
    'Levels of fields in an operation, with all fragments written out. The introspection of GraphiQL has 15.',
    { min: 5, max: 100, fallback: 25 },
  ),
  maxOperationRequests: numberSetting(
    'Requests to services that an operation may cost, estimated before it runs. Adding 1,000 pins costs 1,000.',
    { min: 10, max: 1_000_000, fallback: 2_500 },
  ),
  maxOperationFields: numberSetting(
    'Fields in the answer to an operation: each field counts once for each element of the lists that it is in. A page of 1,000 ' +
      'pins with all fields has about 18,000.',
    { min: 1_000, max: 10_000_000, fallback: 250_000 },
  ),
  maxAnswerBytes: numberSetting('Largest answer to an operation in bytes.', {
    min: 100_000,
    max: 500_000_000,
    fallback: 32_000_000,
  }),
} as const
