// The page: the sign-in form or the signed-in person's list. The only place where the features meet.
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'

import { type Account, useDeleteSession, useExpireSession, useSession } from './accounts/queries'
import { SignIn } from './accounts/sign-in'
import type { ApiError } from './api/client'
import type { NewTodo } from './todos/queries'
import { AddTodo } from './todos/todo-form'
import { TodoList } from './todos/todo-list'
import { Button } from './ui/form'
import { Mark } from './ui/icons'
import { Notices } from './ui/notices'

/** Failures are told at once, offline too; the person decides when to try again. */
export function createQueryClient(onError?: (error: ApiError) => void) {
  const options = { retry: false, networkMode: 'always' } as const
  return new QueryClient({
    queryCache: new QueryCache(onError && { onError }),
    mutationCache: new MutationCache(onError && { onError }),
    defaultOptions: { queries: options, mutations: options },
  })
}

export function App({ productName }: { productName: string }) {
  const session = useSession()
  const account = session.data
  // What each account could not add when its session ended.
  const [unsent] = useState(() => new Map<string, NewTodo[]>())
  // Whoever comes through the form, or past a failure, had the focus there: it must not be lost.
  const [arriving, setArriving] = useState(false)
  useEffect(() => {
    if (account === null || session.isError) setArriving(true)
  }, [account, session.isError])

  return (
    <>
      {session.isPending && <Loading />}
      {account === undefined && session.error && (
        <main className="grid min-h-dvh place-content-center justify-items-center gap-5 px-4 text-center" tabIndex={-1}>
          <Mark className="size-14" />
          <p role="alert" className="max-w-sm text-lg">
            {productName} could not be loaded. {session.error.advice}
          </p>
          <Button look="primary" onClick={() => session.refetch()}>
            Try again
          </Button>
        </main>
      )}
      {account === null && <SignIn productName={productName} />}
      {account && (
        <SignedIn key={account.id} account={account} productName={productName} arriving={arriving} unsent={unsent} />
      )}
      <Notices />
    </>
  )
}

function SignedIn({
  account,
  productName,
  arriving,
  unsent,
}: {
  account: Account
  productName: string
  arriving: boolean
  unsent: Map<string, NewTodo[]>
}) {
  const signOut = useDeleteSession()
  const expire = useExpireSession(account)
  // A cache of one's own: nothing of one person is ever left for the next.
  const [client] = useState(() => createQueryClient(error => error.code === 'UNAUTHENTICATED' && expire()))
  const [mine] = useState(() => {
    const mine = unsent.get(account.id) ?? []
    unsent.set(account.id, mine)
    return mine
  })
  const newTodo = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (arriving) newTodo.current?.focus()
  }, [arriving])

  return (
    <>
      <header className="mx-auto flex max-w-2xl items-center gap-3 px-4 pt-5 sm:pt-8">
        <Mark className="size-9 shrink-0" />
        <h1 dir="auto" className="line-clamp-2 min-w-0 flex-1 text-lg font-bold tracking-tight wrap-anywhere">
          {productName}
        </h1>
        <bdi className="hidden max-w-60 truncate text-sm text-muted sm:block">{account.email}</bdi>
        <Button onClick={() => signOut.isPending || signOut.mutate()}>Sign out</Button>
      </header>
      <QueryClientProvider client={client}>
        <main className="mx-auto max-w-2xl px-4 pt-8 pb-32 sm:pt-12" tabIndex={-1}>
          <Today />
          <AddTodo title={newTodo} unsent={mine} />
          <TodoList otherwise={newTodo} />
        </main>
      </QueryClientProvider>
    </>
  )
}

function Today() {
  const today = new Date()
  return (
    <h2 className="mb-6 text-2xl font-medium tracking-tight text-muted sm:text-4xl">
      <strong className="font-bold text-ink">{today.toLocaleDateString('en-GB', { weekday: 'long' })}</strong>,{' '}
      {today.toLocaleDateString('en-GB', { day: 'numeric', month: 'long' })}
    </h2>
  )
}

function Loading() {
  return (
    <main aria-busy="true" aria-label="Loading" className="grid min-h-dvh place-items-center">
      <Mark className="size-14 animate-pulse" />
    </main>
  )
}
