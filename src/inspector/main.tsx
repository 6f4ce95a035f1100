import { render } from 'preact';
import { App } from './app.tsx';
import { listenToKeys } from './keys.ts';
import { start } from './live.ts';
import { restoreTheme } from './theme.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has a place for the app');
restoreTheme();
listenToKeys();
start();
render(<App />, root);
