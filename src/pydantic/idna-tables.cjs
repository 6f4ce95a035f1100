'use strict';
// What only domains beyond ASCII need: 240 KB. CommonJS, so that it can be loaded when the first of them is checked and
// still at once.
module.exports = { tr46: require('tr46'), regexes: require('tr46/lib/regexes.js') };
