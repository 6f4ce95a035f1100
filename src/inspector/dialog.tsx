import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { dialog, notice } from './state.ts';
import { showText } from './text.ts';

/** As Esc does: the browser gives the focus back to where it was. */
export const closeDialog = (): void => document.querySelector('dialog')?.close();

interface DialogProps {
  title: string;
  /** Whether it must stay open. */
  isBusy?: boolean;
  children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus in it, and Esc closes it. What is refused meanwhile is said in it. */
export function Dialog({ title, isBusy = false, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const before = useRef(notice.value);
  useEffect(() => {
    element.current?.showModal();
  }, []);
  const refused = notice.value?.tone === 'refused' && notice.value !== before.current ? notice.value.text : '';
  return (
    <dialog
      ref={element}
      aria-labelledby="dialog-title"
      onCancel={(event) => isBusy && event.preventDefault()}
      onClose={() => (dialog.value = undefined)}
    >
      <div class="title">
        <h2 id="dialog-title">{showText(title)}</h2>
        <button type="button" class="icon" aria-label="Close" disabled={isBusy} onClick={closeDialog}>
          ×
        </button>
      </div>
      {children}
      {refused !== '' && (
        <p class="problem" role="alert">
          {showText(refused, '\n')}
        </p>
      )}
    </dialog>
  );
}
