/** One tab of GraphiQL. */
interface Example {
  readonly query: string
  /** JSON. */
  readonly variables?: string
}

/** What a newcomer finds in GraphiQL, in the order of a first visit. Each is valid against the schema; a test sees to it. */
export const EXAMPLES: readonly Example[] = [
  {
    query: `# Welcome to pinql: GraphQL over IPFS pinning.
# Ctrl-Enter runs the operation, the book on the
# left explains every field, and the other tabs
# add, watch, find, replace and remove a pin.
query Services {
  services {
    name
    endpoint
    pinCounts {
      queued
      pinning
      pinned
      failed
    }
  }
}
`,
  },
  {
    query: `# \`pinql add FILE\` prints the CID and origins of a
# file of yours, to put into the variables below.
mutation AddPin($input: AddPinInput!) {
  addPin(input: $input) {
    __typename
    ... on AddPinSuccess {
      pin {
        id
        status
        createdAt
      }
    }
    ... on Error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify(
      { input: { cid: 'bafkqablimvwgy3y', name: 'hello', origins: [], meta: { app: 'graphiql' } } },
      null,
      2,
    ),
  },
  {
    query: `# Run it, add a pin in another tab, and come back. It goes on until you stop it.
subscription Watch {
  pinsChanged(filter: { status: [QUEUED, PINNING, PINNED, FAILED] }) {
    __typename
    ... on PinSnapshot {
      pin {
        ...Seen
      }
    }
    ... on PinAdded {
      pin {
        ...Seen
      }
    }
    ... on PinStatusChange {
      pin {
        ...Seen
      }
    }
    ... on PinRemoved {
      id
    }
  }
}

fragment Seen on Pin {
  id
  name
  status
  progress {
    percent
  }
}
`,
  },
  {
    query: `# Run it again to see the status change. The id
# comes from the answer to addPin or pins.
query Pin($id: ID!) {
  pin(id: $id) {
    __typename
    ... on Pin {
      name
      cid
      status
      progress {
        percent
        blocks
        bytes
      }
      failureReason
    }
    ... on Error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify({ id: 'paste the id of a pin here' }, null, 2),
  },
  {
    query: `# The newest pins whose name contains a text.
# Leave parts of the filter out to see more.
query Pins($filter: PinFilter, $after: Cursor) {
  pins(filter: $filter, first: 10, after: $after) {
    __typename
    ... on PinConnection {
      totalCount
      nodes {
        id
        name
        cid
        status
        createdAt
        meta
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
    ... on Error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify(
      { filter: { name: 'hello', match: 'IPARTIAL', status: ['QUEUED', 'PINNING', 'PINNED', 'FAILED'] } },
      null,
      2,
    ),
  },
  {
    query: `# Nothing of the old pin is taken over, so give
# name and meta again.
mutation ReplacePin($input: ReplacePinInput!) {
  replacePin(input: $input) {
    __typename
    ... on ReplacePinSuccess {
      pin {
        id
        name
        status
      }
    }
    ... on Error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify(
      { input: { id: 'paste the id of a pin here', cid: 'bafkqablimvwgy3y', name: 'hello again' } },
      null,
      2,
    ),
  },
  {
    query: `mutation RemovePin($id: ID!) {
  removePin(id: $id) {
    __typename
    ... on RemovePinSuccess {
      id
    }
    ... on Error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify({ id: 'paste the id of a pin here' }, null, 2),
  },
]
