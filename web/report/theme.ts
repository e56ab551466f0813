/** Colours of the charts for a light or a dark page. Series colours are Okabe and Ito's, told apart by the colour-blind. */
export interface Theme {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly faint: string;
  readonly series: readonly string[];
}

const LIGHT: Theme = {
  text: '#1b1f24',
  muted: '#57606a',
  grid: '#e3e7eb',
  surface: '#ffffff',
  accent: '#0969a8',
  good: '#12805c',
  bad: '#b3361b',
  faint: '#aeb6bf',
  series: ['#0072b2', '#d55e00', '#009e73', '#cc79a7'],
};

const DARK: Theme = {
  text: '#e8ecf0',
  muted: '#a3adb8',
  grid: '#2e353d',
  surface: '#1a1f25',
  accent: '#5ab4f0',
  good: '#4cc59a',
  bad: '#ff8b6b',
  faint: '#5b6672',
  series: ['#56b4e9', '#ff9143', '#2fc79b', '#e39bc6'],
};

export const darkScheme = window.matchMedia('(prefers-color-scheme: dark)');

export function currentTheme(): Theme {
  return darkScheme.matches ? DARK : LIGHT;
}
