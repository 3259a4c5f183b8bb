/** A worker of workerpool. */
import { worker } from 'workerpool';

import * as tasks from './pool-tasks.js';

const { double, doubleAll, busy, touch } = tasks;
worker({ double, doubleAll, busy, touch });
