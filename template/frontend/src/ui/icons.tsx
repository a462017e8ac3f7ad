// The app's few pictures. Each is decoration: the words beside it, or the button's name, say it.
import type { ReactNode, SVGProps } from 'react'

function icon(drawing: ReactNode) {
  return ({ className = 'size-5', ...props }: SVGProps<SVGSVGElement>) => (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      className={className}
      {...props}
    >
      {drawing}
    </svg>
  )
}

export const CheckIcon = icon(<path d="m5 12.5 4.6 4.5L19 7.5" />)
export const CloseIcon = icon(<path d="m6 6 12 12M18 6 6 18" />)
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />)
export const PencilIcon = icon(
  <path d="M4 20h4.2L19.6 8.6a2.4 2.4 0 0 0 0-3.4l-.8-.8a2.4 2.4 0 0 0-3.4 0L4 15.8zM13.8 6l4.2 4.2" />,
)
export const TrashIcon = icon(<path d="M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 12.5h9.4L17.5 7M10.2 11v4.5M13.8 11v4.5" />)
export const CalendarIcon = icon(<path d="M5 6.5h14v13H5zM5 11h14M8.5 3.8v4M15.5 3.8v4" />)
export const AlertIcon = icon(<path d="M12 3.8 21 19.5H3zM12 10v4.2M12 16.9v.1" />)

export function Mark({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={className}>
      <rect width="32" height="32" rx="9" className="fill-accent" />
      <path
        d="m9 16.8 4.8 4.7L23.2 11"
        fill="none"
        strokeWidth="3.2"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-on-accent"
      />
    </svg>
  )
}

/** A list with nothing left on it. */
export function AllDone({ className }: { className: string }) {
  return (
    <svg viewBox="0 0 160 112" fill="none" aria-hidden="true" className={className}>
      <ellipse cx="80" cy="102" rx="58" ry="6" className="fill-line" />
      <rect x="40" y="10" width="80" height="88" rx="12" strokeWidth="2" className="fill-raised stroke-line" />
      <path d="M66 32h38M66 52h30M66 72h22" strokeWidth="5" strokeLinecap="round" className="stroke-line" />
      <path d="M53 32h.1M53 52h.1M53 72h.1" strokeWidth="7" strokeLinecap="round" className="stroke-accent" />
      <circle cx="114" cy="78" r="21" strokeWidth="4" className="fill-accent stroke-canvas" />
      <path
        d="m104.5 78.6 6.6 6.4 12.6-13"
        strokeWidth="4.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-on-accent"
      />
    </svg>
  )
}
