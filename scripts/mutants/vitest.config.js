// The tests of one fault: in the order in which TESTS names them, one after another, so that the first failure comes early.
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import ours from '../../vitest.config.ts';

const order = (process.env.TESTS ?? '').split(',');

class GivenOrder extends BaseSequencer {
  async sort(files) {
    const places = new Map(files.map((file) => [file, order.findIndex((test) => file.moduleId.endsWith(`/${test}`))]));
    return files.sort((a, b) => places.get(a) - places.get(b));
  }
}

export default defineConfig({
  // Whoever needs the bundle has it built before.
  test: { ...ours.test, globalSetup: [], include: order, maxWorkers: 1, sequence: { sequencer: GivenOrder } },
});
