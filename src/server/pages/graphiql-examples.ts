/** One tab of GraphiQL. */
interface Example {
  readonly query: string
  /** As JSON. */
  readonly variables?: string
}

/** Tabs of GraphiQL for newcomers, in the order of a first visit. A test validates each against the schema. */
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
      error {
        message
      }
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
    pin {
      id
      status
      createdAt
    }
    error {
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
    query: `# Run it, and add a pin in another window. It
# reports every change until you stop it.
subscription Watch {
  pinsChanged {
    kind
    pin {
      id
      name
      status
      progress {
        percent
      }
    }
    pinId
  }
}
`,
  },
  {
    query: `# Run it again to see the status change. The id
# comes from the answer to addPin or pins.
query Pin($id: ID!) {
  pin(id: $id) {
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
}
`,
    variables: JSON.stringify({ id: 'paste the id of a pin here' }, null, 2),
  },
  {
    query: `# The newest pins whose name contains a text.
# Leave parts of the filter out to see more.
query Pins($filter: PinFilter, $after: Cursor) {
  pins(filter: $filter, first: 10, after: $after) {
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
}
`,
    variables: JSON.stringify(
      { filter: { name: 'hello', match: 'IPARTIAL', status: ['QUEUED', 'PINNING', 'PINNED', 'FAILED'] } },
      null,
      2,
    ),
  },
  {
    query: `# Renames a pin. What you do not name stays as it
# was; the new pin may have another id.
mutation ReplacePin($input: ReplacePinInput!) {
  replacePin(input: $input) {
    pin {
      id
      name
      meta
      status
    }
    error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify({ input: { id: 'paste the id of a pin here', name: 'hello again' } }, null, 2),
  },
  {
    query: `mutation RemovePin($input: RemovePinInput!) {
  removePin(input: $input) {
    pinId
    error {
      code
      message
    }
  }
}
`,
    variables: JSON.stringify({ input: { id: 'paste the id of a pin here' } }, null, 2),
  },
]
