// The conventions of schema.graphql (`npm run lint:schema`). TypeScript is Biome's.
//
// All rules of @graphql-eslint for schemas are on. A rule that is off, or weaker than it could be, has its reason beside it.
// `overrides` in package.json keeps graphql-config at 5.1.3, since newer versions install packages that refuse Node 20.

import graphqlPlugin from '@graphql-eslint/eslint-plugin'

const presets = ['flat/schema-recommended', 'flat/schema-all', 'flat/schema-relay']

// biome-ignore lint/style/noDefaultExport: ESLint reads the default export.
export default [
  {
    files: ['schema.graphql'],
    plugins: { '@graphql-eslint': graphqlPlugin },
    languageOptions: {
      parser: graphqlPlugin.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    rules: {
      ...Object.assign({}, ...presets.map((name) => graphqlPlugin.configs[name].rules)),

      // Stricter than the presets.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          DirectiveDefinition: true,
          EnumValueDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
        },
      ],
      // `addPin` takes `input: AddPinInput!`; only the case of the first letter differs.
      '@graphql-eslint/input-name': ['error', { checkInputType: true, caseSensitiveInputType: false }],

      // graphql-js sorts the printed file by an order of its own, and a test compares the file with what is printed.
      '@graphql-eslint/alphabetize': 'off',
      // The rule is for APIs without mutations or subscriptions. pinql has both.
      '@graphql-eslint/no-root-type': 'off',
      // Payloads are flat, so that generated clients stay small. Bulk changes return lists of payloads, and a field of type
      // Query on each element would read everything again for each of them.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
      // `pins` is non-null, so that a page that fails is `data: null` and clients keep what they show. Payloads are
      // non-null, since a change reports its failure in the payload's `error`.
      '@graphql-eslint/require-nullable-result-in-root': 'off',
      // Only types that `node` can fetch again have an id. Payloads, counts, pages and events are parts of an answer.
      '@graphql-eslint/strict-id-in-types': 'off',
      // Pinning services can be read from the newest pin to the oldest only, so `pins` has no `last` and `before`.
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      // Short lists, such as the configured services, are returned whole. `PinConnection.nodes` is for clients without Relay.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
]
