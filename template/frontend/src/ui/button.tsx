// Every button's look. Knows no feature.
import type { ComponentProps } from 'react'

const looks = {
  primary: 'px-5 bg-accent text-on-accent font-semibold shadow-xs hover:bg-accent-strong',
  danger: 'px-5 bg-danger text-on-danger font-semibold shadow-xs hover:bg-danger-strong',
  quiet: 'px-4 border border-control bg-surface font-medium hover:bg-hover',
  plain: 'px-3 text-muted font-medium hover:bg-hover hover:text-ink',
  icon: 'w-10 text-muted hover:bg-hover hover:text-ink',
}

export function Button({
  look = 'quiet',
  type = 'button',
  className = '',
  ...props
}: ComponentProps<'button'> & { look?: keyof typeof looks }) {
  return <button type={type} className={`button ${looks[look]} ${className}`} {...props} />
}
