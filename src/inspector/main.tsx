import { render } from 'preact';
import { App } from './app.tsx';
import { listenToKeys } from './keys.ts';
import { start } from './live.ts';
import { writeAddress } from './state.ts';
import { startTheme } from './theme.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('the page has a place for the app');
startTheme();
// A whole key that somebody put there goes.
writeAddress();
listenToKeys();
start();
render(<App />, root);
