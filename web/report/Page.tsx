import type { ReportPageData } from '../../src/report/pageData.ts';
import type { PageTable } from '../../src/report/pageTable.ts';
import { attributionOption } from './attributionOption.ts';
import { Chart } from './Chart.tsx';
import { cdfOption } from './cdfOption.ts';
import { costHeightPx, costOption } from './costOption.ts';
import { courseHeightPx, courseOption } from './courseOption.ts';
import { frontierOption } from './frontierOption.ts';
import { SCALING_HEIGHT_PX, scalingOption } from './scalingOption.ts';
import { HEIGHT_PX, timelineOption } from './timelineOption.ts';

/** The whole page: the answer first, then the evidence. */
export function Page({ data }: { data: ReportPageData }) {
  const { frontier, latency, timeline, scaling, attribution, course } = data;
  return (
    <>
      <header class={`tone-${data.tone}`}>
        <p class="brand">dynosim</p>
        <h1>{data.headline}</h1>
        <p class="subtitle">{data.subtitle}</p>
        {data.facts.length > 0 && (
          <dl class="facts">
            {data.facts.map(({ label, value }) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </header>
      <main>
        <Notes heading="Why" class="why" lines={data.why} />
        <Notes heading="Warnings" class="warnings" lines={data.warnings} />
        {frontier !== null && (
          <Chart
            title={frontier.title}
            note={frontier.note}
            height={420}
            option={(theme, widthPx) => frontierOption(frontier, theme, widthPx)}
          />
        )}
        {course !== null && (
          <Chart
            title={course.title}
            note={course.note}
            height={courseHeightPx(course)}
            option={(theme, widthPx) => courseOption(course, theme, widthPx)}
          />
        )}
        {data.costs.map((chart) => (
          <Chart
            key={chart.title}
            title={chart.title}
            note={chart.note}
            height={costHeightPx(chart)}
            option={(theme, widthPx) => costOption(chart, theme, widthPx)}
          />
        ))}
        <div class="pair">
          {latency.map((chart) => (
            <Chart key={chart.name} title={chart.title} height={300} option={(theme) => cdfOption(chart, theme)} />
          ))}
        </div>
        {scaling !== null && (
          <Chart
            title={scaling.title}
            height={SCALING_HEIGHT_PX}
            option={(theme, widthPx) => scalingOption(scaling, theme, widthPx)}
          />
        )}
        {timeline !== null && (
          <Chart
            title={timeline.title}
            height={HEIGHT_PX}
            option={(theme, widthPx) => timelineOption(timeline, theme, widthPx)}
          />
        )}
        <div class="pair">
          {attribution.map((chart) => (
            <Chart
              key={chart.title}
              title={chart.title}
              height={260}
              option={(theme, widthPx) => attributionOption(chart, theme, widthPx)}
            />
          ))}
        </div>
        {data.tables.map((table) => (
          <FactTable key={table.caption} table={table} />
        ))}
      </main>
      <footer>{data.footer}</footer>
    </>
  );
}

function Notes(props: { heading: string; class: string; lines: readonly string[] }) {
  if (props.lines.length === 0) return null;
  return (
    <section class={`card notes ${props.class}`}>
      <h2>{props.heading}</h2>
      <ul>
        {props.lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

/** A figure with its unit, or what stands in place of one: a column of them is set to the right. */
const FIGURE = /^(-|hopeless|[-+$]*[\d,.]+( \S+)?)$/;

function FactTable({ table }: { table: PageTable }) {
  const alignment = table.head.map((_, column) =>
    table.rows.every((row) => FIGURE.test(row[column])) ? 'figures' : 'words',
  );
  return (
    // A region that scrolls sideways must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section class="card scroll" tabIndex={0} aria-label={table.caption}>
      <table>
        <caption>{table.caption}</caption>
        <thead>
          <tr>
            {table.head.map((cell, column) => (
              <th key={cell} scope="col" class={alignment[column]}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map(([name, ...cells], row) => (
            <tr key={row}>
              <th scope="row">{name}</th>
              {cells.map((cell, column) => (
                <td key={column} class={alignment[column + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.note === undefined ? null : <p>{table.note}</p>}
    </section>
  );
}
