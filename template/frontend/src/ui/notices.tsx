// What the app says about what just happened: success politely, failure at once. Knows no feature.
import { useEffect, useRef, useSyncExternalStore } from 'react'

import { Button } from './form'
import { AlertIcon, CheckIcon, CloseIcon } from './icons'

type Notice = { id: number; role: 'status' | 'alert'; text: string; stays: boolean }

const SECONDS = 7
let notices: Notice[] = []
let count = 0
const listeners = new Set<() => void>()

function show(next: Notice[]) {
  notices = next
  for (const listener of listeners) listener()
}

/** A success replaces the one before and goes by itself, unless it `stays`; failures add up until dismissed. */
export function announce(role: Notice['role'], text: string, stays?: 'stays') {
  const others = role === 'status' ? notices.filter(notice => notice.role === 'alert') : notices
  count += 1
  show([...others, { id: count, role, text, stays: role === 'alert' || stays === 'stays' }])
}

/** For the start of something new: what was said before is over. */
export function dismiss() {
  show([])
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function Notices() {
  const current = useSyncExternalStore(subscribe, () => notices)
  const alerts = current.filter(notice => notice.role === 'alert')
  const status = current.find(notice => notice.role === 'status')
  const before = useRef<Element | null>(null)

  useEffect(() => {
    if (!status || status.stays) return
    const timer = setTimeout(() => show(notices.filter(notice => notice !== status)), SECONDS * 1000)
    return () => clearTimeout(timer)
  }, [status])

  function close() {
    dismiss()
    const back = before.current?.isConnected ? before.current : document.querySelector('main')
    if (back instanceof HTMLElement) back.focus()
  }

  return (
    <div className="pointer-events-none fixed inset-x-4 bottom-4 z-10 mx-auto grid max-w-md gap-2">
      <div role="status">
        {status && (
          <p key={status.id} dir="auto" className="notice border-line">
            <CheckIcon className="mt-0.5 size-5 shrink-0 text-accent" />
            <span className="line-clamp-4 min-w-0 wrap-anywhere">{status.text}</span>
          </p>
        )}
      </div>
      {alerts.length > 0 && (
        <div className="notice border-danger">
          <AlertIcon className="mt-0.5 size-5 shrink-0 text-danger" />
          <div role="alert" className="grid min-w-0 flex-1 gap-2">
            {alerts.map(alert => (
              <p key={alert.id} dir="auto" className="wrap-anywhere">
                {alert.text}
              </p>
            ))}
          </div>
          <Button
            look="icon"
            className="pointer-events-auto -my-2 -me-2"
            aria-label="Dismiss"
            onFocus={event => {
              before.current = event.relatedTarget
            }}
            onClick={close}
          >
            <CloseIcon />
          </Button>
        </div>
      )}
    </div>
  )
}
