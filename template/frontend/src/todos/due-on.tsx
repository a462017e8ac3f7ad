// A due date in words, as seen from today. Knows no todo.
import { AlertIcon, CalendarIcon } from '../ui/icons'

const DAY = 86_400_000
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' })
const thisYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', timeZone: 'UTC' })
const anyYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })

/** Days from `today`, a local moment, to `due_on`, a day: negative when it has passed. */
export function daysUntil(due_on: string, today: Date): number {
  return (Date.parse(due_on) - Date.UTC(today.getFullYear(), today.getMonth(), today.getDate())) / DAY
}

export function dueInWords(due_on: string, completed: boolean, today: Date): string {
  const days = daysUntil(due_on, today)
  const day = new Date(due_on)
  const date = (day.getUTCFullYear() === today.getFullYear() ? thisYear : anyYear).format(day)
  if (days < 0 && !completed) return days === -1 ? 'Overdue since yesterday' : `Overdue since ${date}`
  if (days === 0) return 'Due today'
  if (days === 1) return 'Due tomorrow'
  return days > 1 && days < 7 ? `Due on ${weekday.format(day)}` : `Due on ${date}`
}

export function DueOn({ due_on, completed }: { due_on: string; completed: boolean }) {
  const today = new Date()
  const days = completed ? Number.POSITIVE_INFINITY : daysUntil(due_on, today)
  const look = days < 0 ? 'bg-warm-soft text-warm' : days < 2 ? 'bg-accent-soft text-accent' : 'text-muted -ms-2.5'
  const Icon = days < 0 ? AlertIcon : CalendarIcon
  return (
    <p className={`flex w-fit items-center gap-1.5 rounded-full px-2.5 py-1 text-sm font-medium ${look}`}>
      <Icon className="size-4 shrink-0" />
      <time dateTime={due_on}>{dueInWords(due_on, completed, today)}</time>
    </p>
  )
}
