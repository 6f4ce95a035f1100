import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { complete, countChips, cutKeys, hasTerm, withoutTerm, withTerm } from './filter.ts';
import { filter, filterText, summaries, writeAddress } from './state.ts';
import { showText, toCount } from './text.ts';

export function setFilter(text: string): void {
  // A whole key would stand in the page and in its address.
  filterText.value = cutKeys(text);
  writeAddress();
}

export function FilterField() {
  const field = useRef<HTMLInputElement>(null);
  const isOpen = useSignal(false);
  const at = useSignal(-1);
  const text = filterText.value;
  const found = isOpen.value
    ? complete(text, field.current?.selectionStart ?? text.length, summaries.value.slice(0, 500))
    : undefined;
  const options = found?.options.slice(0, 8) ?? [];
  const take = (option: string) => {
    if (found === undefined) return;
    setFilter(text.slice(0, found.from) + option + text.slice(found.to));
    at.value = -1;
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      if (options.length > 0) isOpen.value = false;
      else if (text === '') field.current?.blur();
      else setFilter('');
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      if (options.length === 0) return;
      at.value = (at.value + (event.key === 'ArrowDown' ? 1 : options.length)) % options.length;
    } else if (event.key === 'Enter' || event.key === 'Tab') {
      const option = options[at.value];
      if (option === undefined) return;
      take(option);
    } else return;
    event.preventDefault();
  };
  const [problem] = filter.value.problems;
  return (
    <div class="filter">
      <input
        ref={field}
        id="filter"
        type="search"
        placeholder="Filter: status:429  method:PATCH"
        aria-label="Filter"
        autocomplete="off"
        spellcheck={false}
        role="combobox"
        aria-expanded={options.length > 0}
        aria-controls="completions"
        list={undefined}
        aria-activedescendant={options[at.value] === undefined ? undefined : `completion-${at.value}`}
        aria-invalid={problem !== undefined}
        value={text}
        onInput={({ currentTarget }) => {
          isOpen.value = true;
          at.value = -1;
          setFilter(currentTarget.value);
          if (currentTarget.value !== filterText.value) currentTarget.value = filterText.value;
        }}
        onBlur={() => (isOpen.value = false)}
        onKeyDown={press}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="completions" role="listbox" aria-label="Completions" hidden={options.length === 0}>
        {options.map((option, index) => (
          <li
            key={option}
            id={`completion-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at.value}
            onMouseDown={(event) => {
              event.preventDefault();
              take(option);
            }}
          >
            {showText(option)}
          </li>
        ))}
      </ul>
      {problem !== undefined && <p class="problem">{showText(problem)}</p>}
    </div>
  );
}

const CHIPS = [
  ['ok', 'ok', 'is:ok'],
  ['changed', 'changed', 'is:changed'],
  ['refused', 'refused', 'is:refused'],
  ['limited', 'limited', 'is:limited'],
  ['faulted', 'faulted', 'is:faulted'],
  ['cut', 'cut', 'is:cut'],
] as const;

export function Chips() {
  const counts = countChips(summaries.value);
  const text = filterText.value;
  return (
    <div class="chips" role="group" aria-label="Which requests">
      <button type="button" aria-pressed={text === ''} onClick={() => setFilter('')}>
        <b>{toCount(counts.all)}</b> all
      </button>
      {CHIPS.filter(([name]) => counts[name] > 0).map(([name, word, term]) => {
        const isOn = hasTerm(text, term);
        return (
          <button
            key={name}
            type="button"
            class={`chip ${name}`}
            aria-pressed={isOn}
            onClick={() => setFilter(isOn ? withoutTerm(text, term) : withTerm(text, term))}
          >
            <b>{toCount(counts[name])}</b> {word}
          </button>
        );
      })}
    </div>
  );
}
