// What a spawned process runs.
import './compile-cache.js';
import './load-bundle.js';

import { run } from './child-main.js';

run();
