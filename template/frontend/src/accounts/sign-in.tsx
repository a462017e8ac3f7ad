// The door: an email address and a password. Knows nothing of what is behind it.
import { type SubmitEvent, useEffect, useRef, useState } from 'react'

import { refusals } from '../api/rules'
import { Button, Form, TextField } from '../ui/form'
import { AlertIcon, Mark } from '../ui/icons'
import { useCreateSession } from './queries'

export function SignIn({ productName }: { productName: string }) {
  const email = useRef<HTMLInputElement>(null)
  const password = useRef<HTMLInputElement>(null)
  const [refused, setRefused] = useState({})
  const create = useCreateSession()

  useEffect(() => email.current?.focus(), [])

  function submit(event: SubmitEvent) {
    event.preventDefault()
    if (create.isPending) return
    const credentials = { email: email.current?.value ?? '', password: password.current?.value ?? '' }
    const refused = refusals('Credentials', credentials)
    setRefused(refused)
    create.reset()
    if (Object.keys(refused).length > 0) return
    create.mutate(credentials, {
      onError: ({ field, message }) => {
        if (field) return setRefused({ [field]: message })
        password.current?.focus()
        password.current?.select()
      },
    })
  }

  const failure = create.error && !create.error.field ? create.error : null
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-12" tabIndex={-1}>
      <div className="w-full max-w-sm">
        <Mark className="mx-auto mb-5 size-14 drop-shadow-md" />
        <h1 dir="auto" className="text-center text-3xl font-bold tracking-tight wrap-anywhere">
          {productName}
        </h1>
        <p className="mt-2 mb-8 text-center text-muted">Good to see you.</p>
        <Form refused={refused} onSubmit={submit} className="card grid gap-5 p-6 sm:p-8">
          <TextField
            ref={email}
            label="Email"
            name="email"
            inputMode="email"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            dir="ltr"
          />
          <TextField
            ref={password}
            label="Password"
            name="password"
            type="password"
            autoComplete="current-password"
            dir="ltr"
          />
          {failure && (
            <p role="alert" className="flex gap-2 text-sm font-medium text-danger">
              <AlertIcon className="size-5 shrink-0" />
              {failure.code === 'UNAUTHENTICATED'
                ? 'This email and password do not belong together. Try again.'
                : failure.advice}
            </p>
          )}
          <Button look="primary" type="submit" aria-disabled={create.isPending} className="mt-1 h-11 w-full">
            {create.isPending ? 'Signing in…' : 'Sign in'}
          </Button>
        </Form>
      </div>
    </main>
  )
}
