import { type ReactNode, useId } from "react";

interface Props {
  label: ReactNode;
  /** The button's name, where its label is a picture. */
  name?: string;
  title: string;
  className?: string;
  disabled?: boolean;
  children: ReactNode;
}

/** A button and what it opens. The browser does the rest: Escape, a click beside it, the focus. */
export function Popover({ label, name, title, className, disabled, children }: Props) {
  const id = useId();
  return (
    <div className={`popover-anchor ${className ?? ""}`}>
      <button
        type="button"
        className="quiet"
        popoverTarget={id}
        aria-label={name}
        title={name}
        disabled={disabled}
      >
        {label}
      </button>
      <section id={id} popover="auto" className="popover" aria-label={title}>
        <p className="popover-title">{title}</p>
        {children}
      </section>
    </div>
  );
}
