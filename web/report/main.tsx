import { render } from 'preact';
import type { ReportPageData } from '../../src/report/pageData.ts';
import { Page } from './Page.tsx';
import styles from './styles.css?inline';

const style = document.createElement('style');
style.textContent = styles;
document.head.append(style);

const data = JSON.parse(document.getElementById('report-data')!.textContent!) as ReportPageData;
const app = document.getElementById('app')!;
app.replaceChildren();
render(<Page data={data} />, app);
