// What a spawned process runs.
import './compile-cache.js';

import { run } from './child-main.js';

run();
