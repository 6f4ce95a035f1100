import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { dialog } from './state.ts';

/** A modal dialog: the browser keeps the focus in it, and Esc closes it. */
export function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    element.current?.showModal();
  }, []);
  const close = () => {
    dialog.value = undefined;
  };
  return (
    <dialog ref={element} aria-labelledby="dialog-title" onClose={close}>
      <div class="title">
        <h2 id="dialog-title">{title}</h2>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          ×
        </button>
      </div>
      {children}
    </dialog>
  );
}
