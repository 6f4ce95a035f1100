import { notice } from './state.ts';

/** Copies, and says so. @param what in words: `as curl` */
export async function copy(text: string, what: string): Promise<void> {
  const isDone = await write(text).catch(() => false);
  notice.value = isDone
    ? { tone: 'done', text: `Copied ${what}.` }
    : { tone: 'refused', text: 'The browser does not let this page copy.' };
}

async function write(text: string): Promise<boolean> {
  if (isSecureContext) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  // By http from another machine there is only the old way.
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'spoken';
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isDone;
}
