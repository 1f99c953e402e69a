package news.stack;

import java.util.Map;
import java.util.function.Supplier;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.ar.ArabicAnalyzer;
import org.apache.lucene.analysis.cjk.CJKAnalyzer;
import org.apache.lucene.analysis.de.GermanAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.es.SpanishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.it.ItalianAnalyzer;
import org.apache.lucene.analysis.pt.PortugueseAnalyzer;
import org.apache.lucene.analysis.ru.RussianAnalyzer;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** Lucene's analyzers of the languages, with Lucene's own stop words, under the names that Elasticsearch documents. */
final class Analyzers {
    static final Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> BY_NAME = Map.of(
        "arabic", provider(ArabicAnalyzer::new),
        "cjk", provider(CJKAnalyzer::new),
        "english", provider(EnglishAnalyzer::new),
        "french", provider(FrenchAnalyzer::new),
        "german", provider(GermanAnalyzer::new),
        "italian", provider(ItalianAnalyzer::new),
        "portuguese", provider(PortugueseAnalyzer::new),
        "russian", provider(RussianAnalyzer::new),
        "spanish", provider(SpanishAnalyzer::new));

    private Analyzers() {}

    private static <A extends Analyzer> AnalysisProvider<AnalyzerProvider<? extends Analyzer>> provider(
            Supplier<A> made) {
        return (index, environment, name, settings) -> {
            A analyzer = made.get();
            return new AbstractIndexAnalyzerProvider<A>(name) {
                @Override
                public A get() {
                    return analyzer;
                }
            };
        };
    }
}
