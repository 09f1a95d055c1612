import type { Content } from '../resolvers/content.ts'
import { builder } from './builder.ts'

/** Has a file of its own because `Pin` and `Content` refer to each other. */
export const ContentType = builder.objectRef<Content>('Content')
