import { InputError, type InputIssue } from '../base/inputError.ts';

/** One command of a script: assignments before it, then its words. */
export interface ShellCommand {
  readonly environment: Readonly<Record<string, string>>;
  readonly words: readonly string[];
  /** What of it cannot be known without running it. */
  readonly unknown: readonly InputIssue[];
}

/**
 * Takes a POSIX shell script apart: quotes, `\` at line ends, comments, assignments, bash's arrays, redirections, and the
 * variables that the script itself sets or `variables` gives. Nothing is executed: `$(...)`, and what is set inside `if`, `case` or a
 * loop, is unknown.
 * @throws InputError for unclosed quotes.
 */
export function shellCommands(text: string, variables: Readonly<Record<string, string>> = {}): ShellCommand[] {
  return new Shell(text, variables).read();
}

const SEPARATORS = new Set(['\n', ';', '&', '|', '(', ')']);
const OPENS = new Set(['if', 'case', 'for', 'while', 'until']);
const CLOSES = new Set(['fi', 'esac', 'done']);
/** Words that come before a command or stand alone. */
const KEYWORDS = new Set(['then', 'else', 'elif', 'do', '{', '}', '!', 'export', 'declare', 'readonly', 'local']);

class Shell {
  readonly #text: string;
  readonly #known = new Map<string, readonly string[]>();
  readonly #given: ReadonlySet<string>;
  /** Variables whose value depends on which way the script goes. */
  readonly #undecided = new Set<string>();
  readonly #commands: ShellCommand[] = [];
  #at = 0;
  #depth = 0;
  #environment: Record<string, readonly string[]> = {};
  #words: string[] = [];
  #unknown: InputIssue[] = [];

  constructor(text: string, variables: Readonly<Record<string, string>>) {
    this.#text = text.replaceAll('\r\n', '\n');
    for (const [name, value] of Object.entries(variables)) this.#known.set(name, [value]);
    this.#given = new Set(Object.keys(variables));
  }

  read(): ShellCommand[] {
    while (this.#at < this.#text.length) this.#step();
    this.#endCommand();
    return this.#commands;
  }

  #step(): void {
    const char = this.#text[this.#at];
    if (char === '#') this.#skipLine();
    else if (SEPARATORS.has(char)) {
      this.#at++;
      this.#endCommand();
    } else if (char === '\\' && this.#text[this.#at + 1] === '\n') this.#at += 2;
    else if (char === ' ' || char === '\t') this.#at++;
    else if (!this.#skipRedirection()) this.#readWord();
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#at++;
  }

  /** `> file`, `2>&1`, `< file`, and `<< END` with its lines. */
  #skipRedirection(): boolean {
    const rest = this.#text.slice(this.#at);
    const here = /^<<-?[ \t]*(["']?)(\w+)\1/.exec(rest);
    if (here !== null) {
      const end = new RegExp(`\\n[ \\t]*${here[2]}(?=\\n|$)`).exec(rest);
      this.#at += end === null ? rest.length : end.index + end[0].length;
      return true;
    }
    const match = /^\d*(?:>>?|<)(?:&\d)?[ \t]*/.exec(rest.slice(0, 40));
    if (match === null) return false;
    this.#at += match[0].length;
    if (!match[0].includes('&')) this.#word();
    return true;
  }

  /** An assignment, an array, or a word of the command. */
  #readWord(): void {
    const rest = this.#text.slice(this.#at, this.#at + 200);
    const start = this.#words.length === 0 ? /^([A-Za-z_]\w*)(\+?)=(\(?)/.exec(rest) : null;
    if (start === null) {
      this.#words.push(...(this.#wholeArray() ?? [this.#word()]));
      this.#settleKeyword();
      return;
    }
    const [matched, name, append, paren] = start;
    this.#at += matched.length;
    const values = paren === '(' ? this.#array() : [this.#word()];
    const before = append === '+' ? (this.#environment[name] ?? this.#known.get(name) ?? []) : [];
    this.#environment[name] = this.#given.has(name) ? this.#known.get(name)! : [...before, ...values];
  }

  /** `"${NAME[@]}"`: as many words as it has; null for any other word. */
  #wholeArray(): readonly string[] | null {
    const match = /^"?\$\{([A-Za-z_]\w*)\[@\]\}"?(?=[\s;&|)]|$)/.exec(this.#text.slice(this.#at, this.#at + 200));
    if (match === null) return null;
    this.#at += match[0].length;
    const values = this.#valuesOf(match[1]) ?? [];
    return this.#given.has(match[1]) ? values.flatMap((value) => value.split(/\s+/)) : values;
  }

  /** The words up to `)`. */
  #array(): string[] {
    const values: string[] = [];
    while (this.#at < this.#text.length && this.#text[this.#at] !== ')') {
      if (/\s/.test(this.#text[this.#at])) this.#at++;
      else if (this.#text[this.#at] === '#') this.#skipLine();
      else values.push(...(this.#wholeArray() ?? [this.#word()]));
    }
    this.#at++;
    return values;
  }

  /** Keeps count of `if` and its like; their words are no command. */
  #settleKeyword(): void {
    const [word] = this.#words;
    if (this.#words.length !== 1) return;
    if (OPENS.has(word)) this.#depth++;
    if (CLOSES.has(word)) this.#depth--;
    if (OPENS.has(word) || CLOSES.has(word) || KEYWORDS.has(word)) this.#words = [];
  }

  /** Assignments without a command hold for what follows. */
  #endCommand(): void {
    if (this.#words.length === 0) {
      for (const [name, values] of Object.entries(this.#environment)) this.#assign(name, values);
    } else {
      const known = [...this.#known, ...Object.entries(this.#environment)];
      const environment = Object.fromEntries(known.map(([name, values]) => [name, values.join(' ')]));
      this.#commands.push({ environment, words: this.#words, unknown: this.#unknown });
    }
    this.#environment = {};
    this.#words = [];
    this.#unknown = [];
  }

  #assign(name: string, values: readonly string[]): void {
    if (this.#given.has(name)) return;
    if (this.#depth > 0 || this.#unknown.length > 0) this.#undecided.add(name);
    else {
      this.#known.set(name, values);
      this.#undecided.delete(name);
    }
  }

  #word(): string {
    let word = '';
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at];
      if (char === ' ' || char === '\t' || SEPARATORS.has(char)) break;
      if (char === "'") word += this.#singleQuoted();
      else if (char === '"') word += this.#doubleQuoted();
      else if (char === '$') word += this.#variable();
      else if (char === '`') word += this.#backquoted();
      else if (char === '\\') {
        if (this.#text[this.#at + 1] !== '\n') word += this.#text[this.#at + 1] ?? '';
        this.#at += 2;
      } else {
        word += char;
        this.#at++;
      }
    }
    return word;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at + 1);
    if (end < 0) throw this.#unclosed("'");
    const inner = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inner;
  }

  #doubleQuoted(): string {
    let inner = '';
    const start = this.#at;
    for (this.#at++; this.#text[this.#at] !== '"'; ) {
      const char = this.#text[this.#at];
      if (char === undefined) {
        this.#at = start;
        throw this.#unclosed('"');
      }
      if (char === '$') inner += this.#variable();
      else if (char === '`') inner += this.#backquoted();
      else if (char === '\\' && '"\\$`\n'.includes(this.#text[this.#at + 1] ?? ' ')) {
        if (this.#text[this.#at + 1] !== '\n') inner += this.#text[this.#at + 1];
        this.#at += 2;
      } else {
        inner += char;
        this.#at++;
      }
    }
    this.#at++;
    return inner;
  }

  /** `$NAME`, `${NAME}`, `${NAME:-default}`; anything else after a `$` is unknown. */
  #variable(): string {
    const rest = this.#text.slice(this.#at);
    const match = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?-([^}]*))?\})/.exec(rest);
    if (match !== null) {
      this.#at += match[0].length;
      const [, plain, braced, initial] = match;
      return (this.#valuesOf(plain ?? braced, initial) ?? [initial ?? '']).join(' ');
    }
    if (rest.startsWith('$(')) return this.#skipUnknown(closing(rest, 1, '(', ')'));
    if (rest.startsWith('${')) return this.#skipUnknown(closing(rest, 1, '{', '}'));
    if (/^\$[@*#?!$0-9]/.test(rest)) return this.#skipUnknown(2);
    this.#at++;
    return '$';
  }

  #backquoted(): string {
    const end = this.#text.indexOf('`', this.#at + 1);
    return this.#skipUnknown((end < 0 ? this.#text.length : end + 1) - this.#at);
  }

  /** A variable's value; null where there is none, which is noted. */
  #valuesOf(name: string, initial?: string): readonly string[] | null {
    const hint = `give its value: --var ${name}=...`;
    if (this.#undecided.has(name)) {
      this.#unknown.push({ message: `the variable ${name} is set in a way that only running it can tell`, hint });
      return null;
    }
    const values = this.#known.get(name);
    if (values === undefined && initial === undefined) {
      this.#unknown.push({ message: `the variable ${name} is not set in this command`, hint });
    }
    return values ?? null;
  }

  #skipUnknown(length: number): string {
    const what = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    this.#unknown.push({ message: `${what} cannot be known without running it`, hint: 'write out what it stands for' });
    return '';
  }

  #unclosed(quote: string): InputError {
    return new InputError({ message: `a quote ${quote} is not closed: ${this.#text.slice(this.#at, this.#at + 40)}` });
  }
}

/** Length up to and with what closes the bracket at `from`. */
function closing(text: string, from: number, open: string, close: string): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === open) depth++;
    if (text[at] === close && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The word as a shell would have to be given it. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
