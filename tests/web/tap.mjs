// Numbered results on standard output.
// SPDX-License-Identifier: EUPL-1.2

export class Tap {
  constructor() {
    this.count = 0;
    this.failed = 0;
  }

  skip(name, why) {
    console.log(`ok ${++this.count} - ${name} # SKIP ${why}`);
  }

  async case(name, run) {
    this.count++;
    try {
      await run();
      console.log(`ok ${this.count} - ${name}`);
    } catch (error) {
      this.failed++;
      console.log(`not ok ${this.count} - ${name}`);
      const text = String(error.stack ?? error).slice(0, 3000);
      console.log(`# ${text.replaceAll('\n', '\n# ')}`);
    }
  }

  finish() {
    console.log(`1..${this.count}`);
    return this.failed === 0 ? 0 : 1;
  }
}
