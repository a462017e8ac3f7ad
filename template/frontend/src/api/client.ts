// The only door to the API: typed by the contract, every failure an ApiError. Knows no feature.
import createClient from 'openapi-fetch'

import type { components, paths } from './types.gen'

export type Schemas = components['schemas']

/** `fetch` is looked up at each call, so that a test can stand in for the network. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: request => fetch(request) })

declare module '@tanstack/react-query' {
  interface Register {
    defaultError: ApiError
  }
}

export class ApiError extends Error {
  readonly code: Schemas['ErrorCode'] | 'UNREACHABLE'
  readonly field: string | undefined

  constructor(code: ApiError['code'], detail: string, field?: string) {
    super(detail)
    this.code = code
    this.field = field
  }

  /** What a person can do about it, in a sentence or two. */
  get advice(): string {
    switch (this.code) {
      case 'UNREACHABLE':
        return 'The server cannot be reached. Check your connection and try again.'
      case 'UNAUTHENTICATED':
        return 'Sign in, then try again.'
      case 'VERSION_CONFLICT':
        return 'It was changed elsewhere in the meantime. Look at it as it is now, then try again.'
      case 'NOT_FOUND':
        return 'It was deleted elsewhere in the meantime.'
      case 'INTERNAL_ERROR':
      case 'NOT_READY':
        return 'The server failed. Try again in a moment.'
      default:
        return this.message
    }
  }
}

/** The answer's body, or an ApiError. */
export async function answer<Body>(
  call: Promise<{ data?: Body; error?: unknown; response: Response }>,
  signal?: AbortSignal,
): Promise<Body> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    if (signal?.aborted) throw cause
    throw new ApiError('UNREACHABLE', String(cause))
  })
  if (response.ok) return data as Body
  throw isError(error)
    ? new ApiError(error.error_code, error.detail, error.field)
    : new ApiError('INTERNAL_ERROR', `The server answered ${response.status}.`)
}

/** A proxy on the way may answer with a page of its own. */
function isError(body: unknown): body is Schemas['Error'] {
  return typeof body === 'object' && body !== null && 'error_code' in body
}
