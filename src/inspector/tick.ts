import { useEffect, useState } from 'preact/hooks';

/** Draws the component again and again. @param ms between two times; 0 for not at all */
export function useTick(ms: number): void {
  const [, set] = useState(0);
  useEffect(() => {
    if (ms === 0) return undefined;
    const timer = setInterval(() => set((count) => count + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
}
