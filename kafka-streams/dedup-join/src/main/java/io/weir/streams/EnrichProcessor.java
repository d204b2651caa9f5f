package io.weir.streams;

import io.weir.streams.PipelinePlan.Derived;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.StoreBuilder;

/** Drops duplicates and completes the other events: derived columns, the bucket, then joins. */
final class EnrichProcessor implements FixedKeyProcessor<byte[], Object[], Object[]> {
  /** Opens the lookups of a task. Threads do not share them. */
  interface Lookups extends Function<FixedKeyProcessorContext<byte[], Object[]>, List<Lookup>> {}

  private final PipelinePlan plan;
  private final Lookups open;
  private final Counters counters;
  private final Buckets buckets;
  private FixedKeyProcessorContext<byte[], Object[]> context;
  private SeenIds seen;
  private List<Lookup> lookups;
  private long newestMs = Long.MIN_VALUE;

  private EnrichProcessor(PipelinePlan plan, Lookups open, Counters counters) {
    this.plan = plan;
    this.open = open;
    this.counters = counters;
    this.buckets = plan.bucket() == null ? null : new Buckets(plan);
  }

  static FixedKeyProcessorSupplier<byte[], Object[], Object[]> supplier(
      PipelinePlan plan, Lookups open, Counters counters) {
    return new FixedKeyProcessorSupplier<>() {
      @Override
      public FixedKeyProcessor<byte[], Object[], Object[]> get() {
        return new EnrichProcessor(plan, open, counters);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return Set.of(SeenIds.store(plan.deduplication().horizonMs()));
      }
    };
  }

  @Override
  public void init(FixedKeyProcessorContext<byte[], Object[]> context) {
    this.context = context;
    this.seen = new SeenIds(context.getStateStore(SeenIds.STORE), plan.deduplication().horizonMs());
    this.lookups = open.apply(context);
  }

  @Override
  public void process(FixedKeyRecord<byte[], Object[]> record) {
    counters.deduplicated.increment();
    if (!isFirst(record)) {
      return;
    }
    counters.distinctEvents.increment();
    noteLateness((Long) record.value()[plan.eventTime()]);
    context.forward(record.withValue(enriched(record.value())));
  }

  /** Only the first event with an id counts; conflicting duplicates are dropped as well. */
  private boolean isFirst(FixedKeyRecord<byte[], Object[]> record) {
    long hash = PayloadHash.of(record.value(), plan.source().columns());
    SeenIds.Sight sight = seen.see(record.key(), hash, context.currentSystemTimeMs());
    if (sight == SeenIds.Sight.CONFLICTING) {
      counters.conflictingDuplicates.increment();
    }
    return sight == SeenIds.Sight.FIRST;
  }

  /** A late event is counted, but processed like any other. */
  private void noteLateness(long eventTimeMs) {
    newestMs = Math.max(newestMs, eventTimeMs);
    if (newestMs - eventTimeMs > plan.allowedLatenessMs()) {
      counters.lateEvents.increment();
    }
  }

  private Object[] enriched(Object[] event) {
    Object[] row = new Object[plan.columns().size()];
    System.arraycopy(event, 0, row, 0, plan.source().columns());
    int position = plan.source().columns();
    for (Derived derived : plan.derived()) {
      row[position++] = Rows.truncate((Long) row[derived.source()], derived.truncateTo());
    }
    if (buckets != null) {
      row[position++] = buckets.of(row);
    }
    for (Lookup lookup : lookups) {
      position = lookup.fill(row, position);
    }
    return row;
  }
}
