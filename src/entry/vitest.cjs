'use strict';

// As vitest's own: for types in CommonJS projects, whose tests vitest makes ES modules of.
throw new Error("'mixpeek-mock/vitest' is an ES module, as vitest is: import it");
