import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Chips } from './filter-field.tsx';
import { rows } from './state.ts';
import { isDark } from './theme.ts';
import { toneOf } from './tone.ts';

const BAR = 4;
const GAP = 1;

/** One bar a request, newest at the right: its height is how long it took, its colour what became of it. */
export function Tape() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const all = rows.value;
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => (width.value = entry?.contentRect.width ?? 0));
    if (canvas.current !== null) observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const drawing = requestAnimationFrame(() => canvas.current && draw(canvas.current, all));
    return () => cancelAnimationFrame(drawing);
  }, [all, width.value, isDark.value]);
  return (
    <>
      <Chips />
      <canvas ref={canvas} class="tape" aria-hidden="true" />
    </>
  );
}

function draw(canvas: HTMLCanvasElement, all: typeof rows.value): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  if (canvas.width !== width * ratio) canvas.width = width * ratio;
  if (canvas.height !== height * ratio) canvas.height = height * ratio;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const known = new Map<string, string>();
  const colourOf = (name: string): string => {
    const colour = known.get(name) ?? style.getPropertyValue(`--${name}`);
    known.set(name, colour);
    return colour;
  };
  let x = width - BAR;
  for (const one of all) {
    if (x < 0) return;
    if (one.kind === 'control') {
      context.fillStyle = colourOf('moved');
      context.fillRect(x + BAR / 2, 0, 2, height);
    } else {
      const tall = Math.min(height, 6 + Math.log2(1 + (one.summary.ms ?? 0)) * 5);
      context.fillStyle = colourOf(toneOf(one.summary));
      context.fillRect(x, height - tall, BAR, tall);
    }
    x -= BAR + GAP;
  }
}
