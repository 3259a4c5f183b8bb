/** Value and Array, against C, CPython and plain typed arrays. */
import {
  cPeer,
  nodePeer,
  ours,
  pythonPeer,
  type Check,
  type Row,
  type Section,
  type Subject,
  type Suite,
} from '../harness/suite.js';

const pyInt = pythonPeer('raw-value-int32', "RawValue('i')");
const pyFloat = pythonPeer('raw-value-float64', "RawValue('d')");
const pyValue = pythonPeer('value-int32', "Value('i')");
const pyArray = pythonPeer('raw-array', "RawArray('d')");
const cAdd = cPeer('atomic-add', 'atomic fetch_add');
const plainArray = nodePeer('array-access-plain', 'a plain Float64Array');

function row(title: string, subject: Subject, ...checks: Check[]): Row {
  return { title, subject, metric: 'ns', unit: 'ns', checks };
}

const atMostNs = (ns: number): Check => ({ kind: 'limit', atMost: ns });
const fasterThan = (peer: Subject, atLeast?: number): Check => ({
  kind: 'speedup',
  peer,
  ...(atLeast === undefined ? {} : { atLeast }),
});
const ratio = (peer: Subject, atMost?: number): Check => ({
  kind: 'ratio',
  peer,
  ...(atMost === undefined ? {} : { atMost }),
});

const values: Section = {
  title: 'Value: one write and one read of .value',
  rows: [
    row("Value('i')", ours('value-int32'), atMostNs(2), fasterThan(pyInt, 40)),
    row("Value('d')", ours('value-float64'), atMostNs(2), fasterThan(pyFloat, 40)),
    row("Value('i') beside 7 other types", ours('value-many-types'), atMostNs(2)),
    row(pyInt.title, pyInt),
    row(pyFloat.title, pyFloat),
    row(pyValue.title, pyValue),
  ],
};

const atomics: Section = {
  title: 'Value: atomic addition',
  rows: [row("Value('i').add(1)", ours('value-add'), ratio(cAdd)), row(cAdd.title, cAdd)],
};

const elements: Section = {
  title: "Array('d'): one element read and written",
  rows: [
    row('Array', ours('array-access-shared'), ratio(plainArray, 1.1), fasterThan(pyArray)),
    row(plainArray.title, plainArray),
    row(pyArray.title, pyArray),
  ],
};

function copySection(direction: 'in' | 'out'): Section {
  const memcpy = cPeer(`copy-${direction}`, 'memcpy');
  return {
    title: `Array('B'): 1 MB copied ${direction}`,
    rows: [
      row('Array', ours(`array-copy-${direction}`), ratio(memcpy, 1.1)),
      row(memcpy.title, memcpy),
    ],
  };
}

export const valueSuite: Suite = [values, atomics, elements, copySection('in'), copySection('out')];
