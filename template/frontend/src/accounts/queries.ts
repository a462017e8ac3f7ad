// Who is signed in: the session's calls and cache. Knows nothing of what is behind it.
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'

import { ApiError, answer, api, type Schemas } from '../api/client'
import { announce, dismiss } from '../ui/notices'

export type Account = Schemas['Account']
export type Credentials = Schemas['Credentials']

const ended = ['status', 'Your session has ended. Sign in again to go on.', 'stays'] as const

/** The account, or null when nobody is signed in. */
const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ client, signal }): Promise<Account | null> =>
    answer(api.GET('/api/v1/session', { signal }), signal).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'UNAUTHENTICATED')) throw error
      if (client.getQueryData(['session'])) announce(...ended)
      return null
    }),
})

export function useSession() {
  return useQuery(sessionQuery)
}

export function useCreateSession() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (credentials: Credentials) => answer(api.POST('/api/v1/session', { body: credentials })),
    onMutate: dismiss,
    onSuccess: account => client.setQueryData(sessionQuery.queryKey, account),
  })
}

export function useDeleteSession() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.DELETE('/api/v1/session')),
    onMutate: dismiss,
    onSuccess: () => client.setQueryData(sessionQuery.queryKey, null),
    onError: error => {
      if (error.code === 'UNAUTHENTICATED') client.setQueryData(sessionQuery.queryKey, null)
      else announce('alert', `You are still signed in. ${error.advice}`)
    },
  })
}

/** For an answer that says nobody is signed in: back to the form, with a kind word. */
export function useExpireSession(account: Account) {
  const client = useQueryClient()
  return () => {
    if (client.getQueryData(sessionQuery.queryKey)?.id !== account.id) return
    client.setQueryData(sessionQuery.queryKey, null)
    announce(...ended)
  }
}
